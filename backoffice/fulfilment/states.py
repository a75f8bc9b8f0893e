"""Which state of a delivery and of an appointment may follow which."""

from backoffice.core.states import StateTable
from backoffice.fulfilment.models import Appointment, AppointmentState, Fulfilment, FulfilmentState

F = FulfilmentState
A = AppointmentState

STILL_TO_COME = frozenset({A.WANTED, A.PROPOSED, A.AGREED})

DELIVERY_MOVES = StateTable(
    Fulfilment.state,
    {
        F.OPEN: frozenset({F.PARTLY, F.DONE, F.WITHDRAWN}),
        F.PARTLY: frozenset({F.DONE, F.WITHDRAWN}),
        F.DONE: frozenset({F.WITHDRAWN}),
        F.WITHDRAWN: frozenset[FulfilmentState](),
    },
)
APPOINTMENT_MOVES = StateTable(
    Appointment.state,
    {
        A.WANTED: frozenset({A.PROPOSED, A.CANCELLED}),
        A.PROPOSED: frozenset({A.AGREED, A.WANTED, A.CANCELLED}),
        A.AGREED: frozenset({A.PROPOSED, A.DONE, A.CANCELLED}),
        A.DONE: frozenset[AppointmentState](),
        A.CANCELLED: frozenset[AppointmentState](),
    },
)
