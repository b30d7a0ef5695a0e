"""The deterministic simulation: the real deciders, scheduler, dispatcher and sweepers in one loop of virtual time.

What is real: everything from `commands`, `events` and `processors` down to the calls of the Kafka client: runners,
bus, followers, tables, cores. What is modelled, each in one small module: the broker (`broker`) behind aiokafka's
interface (`clients`), Redis (`redis`), providers (`providers`), the network between them (`network`), time (`loop`). A
process may be killed before or after any of its effects, frozen and thawed, cut off from Redis, or lose its disk.

A run is made of its `Scenario` alone: the same one gives the same run, to the last effect. What fails prints it:

    python -m tests.simulation 4711                 the seed again, with its story
    make simulate SECONDS_TO_RUN=600                seeds nobody has tried, for as long as that; SEED=… for known ones
    SIMULATION_SEEDS=20000 pytest tests/simulation  more seeds than the few of every day

A scenario that has found something is kept in `test_found.py`.
"""
