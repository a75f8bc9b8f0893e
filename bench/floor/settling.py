"""One of two floor workers: says the statements of a tape, and nothing else. ``python -m bench.floor.settling TAPE URL``; it begins
with a line on its input and ends with the seconds it took."""

import pickle
import sys
from pathlib import Path

from bench.tape import connect, replay

if __name__ == "__main__":
    units = pickle.loads(Path(sys.argv[1]).read_bytes())
    connection = connect(sys.argv[2])
    with connection.cursor() as cursor:
        cursor.execute(
            "SET foreign_key_checks = 0"
        )  # two at once get other ids than the one whose statements these are
    print("ready", flush=True)
    sys.stdin.readline()
    print(replay(units, connection), flush=True)
