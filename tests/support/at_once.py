"""Several works in threads of their own, released together."""

import threading
from collections.abc import Callable


def at_once(app, *works: Callable[[], object]) -> list[object]:
    """Run all works in threads of their own, released together; their results or errors, in order."""
    results: list[object] = [None] * len(works)
    start = threading.Barrier(len(works))

    def run(place: int, work: Callable[[], object]) -> None:
        with app.app_context():
            start.wait()
            try:
                results[place] = work()
            except Exception as error:
                results[place] = error

    threads = [threading.Thread(target=run, args=item) for item in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
