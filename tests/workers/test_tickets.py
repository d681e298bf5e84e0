"""Places in the queue: who comes after whom, and what moving does to those who wait."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable

import pytest

from workbench.errors import UsageError, WorkbenchError
from workbench.filelock import FileLock
from workbench.workers import devices, queue, tickets
from workbench.workers.tickets import Claim, Ticket


def take(*runs: str) -> list[Ticket]:
    with tickets.mutex():
        return [Ticket(claim(run)) for run in runs]


def claim(run: str) -> Claim:
    return Claim(run=run, pid=os.getpid(), keys=("cpu",), since=1.0)


def order() -> str:
    return "".join(one.run for one in tickets.waiting())


def drop(ticket: Ticket) -> None:
    with tickets.mutex():
        ticket.drop()


def test_one_is_moved_past_its_neighbour_or_to_the_front() -> None:
    held = take("a", "b", "c", "d")
    assert order() == "abcd"
    assert tickets.move(claim("c"), "up") == 2
    assert order() == "acbd"
    assert tickets.move(claim("a"), "down") == 2
    assert order() == "cabd"
    assert tickets.move(claim("d"), "first") == 1
    assert order() == "dcab"
    assert tickets.move(claim("c"), "down") == 3
    assert tickets.move(claim("c"), "down") == 4
    assert order() == "dabc"
    assert len(held) == 4


def test_who_is_at_an_end_stays_there() -> None:
    held = take("a", "b")
    assert tickets.move(claim("a"), "up") == 1
    assert tickets.move(claim("a"), "first") == 1
    assert tickets.move(claim("b"), "down") == 2
    assert order() == "ab"
    assert all(ticket.held for ticket in held)


def test_who_comes_later_is_behind_those_that_were_moved() -> None:
    held = take("a", "b")
    tickets.move(claim("a"), "down")
    held += take("c")
    assert order() == "bac"


def test_a_moved_ticket_is_dropped_and_no_other() -> None:
    a, b, _c = take("a", "b", "c")
    was = a.find()
    tickets.move(claim("a"), "down")
    now = a.find()
    assert was != now
    assert was is not None
    assert now is not None
    FileLock(was).acquire()  # somebody else stands where it stood
    drop(a)
    assert was.exists()
    assert not now.exists()
    assert order() == "bc"
    drop(b)


def test_where_no_number_is_left_all_get_new_ones() -> None:
    held = take("a", "b", "c", "d")
    for number, ticket in enumerate(held, 5):
        path = ticket.find()
        assert path is not None
        path.rename(path.with_name(f"{number:020d}-{os.getpid()}.ticket"))
    assert order() == "abcd"
    assert tickets.move(claim("d"), "up") == 3
    assert order() == "abdc"
    assert tickets.move(claim("d"), "up") == 2
    assert order() == "adbc"


def test_who_waits_no_more_is_not_moved() -> None:
    a, b = take("a", "b")
    drop(b)
    with pytest.raises(UsageError, match="b does not wait for a device any more"):
        tickets.move(claim("b"), "first")
    assert a.held


def test_movers_at_once_lose_nobody() -> None:
    held = take(*"abcdef")

    def shuffle(runs: str, where: tickets.Where) -> None:
        for run in runs * 8:
            tickets.move(claim(run), where)

    plans: list[tuple[str, tickets.Where]] = [("fed", "first"), ("abc", "down"), ("cf", "up")]
    movers = [threading.Thread(target=shuffle, args=plan) for plan in plans]
    for mover in movers:
        mover.start()
    for mover in movers:
        mover.join()
    assert sorted(order()) == list("abcdef")
    found = [ticket.find() for ticket in held]
    assert len(set(found)) == 6
    assert None not in found


def test_the_tickets_of_the_dead_do_not_count_and_are_swept() -> None:
    (alive,) = take("a")
    script = (
        "import os\nfrom workbench.workers.tickets import Claim, Ticket, mutex\n"
        "with mutex():\n    Ticket(Claim('dead', os.getpid(), ('cpu',)))\nos._exit(9)"
    )
    subprocess.run([sys.executable, "-c", script], check=False)
    assert len(list(tickets.leases_folder().glob("*.ticket"))) == 2
    assert order() == "a"
    assert tickets.move(claim("a"), "down") == 1
    (later,) = take("b")
    assert len(list(tickets.leases_folder().glob("*.ticket"))) == 2
    assert alive.held
    assert later.held


def test_one_who_waits_follows_its_ticket_and_takes_another_if_it_is_removed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(devices.CPU_SLOTS_VARIABLE, "1")
    monkeypatch.setattr(queue, "POLL_S", 0.01)
    (cpu,) = devices.candidates("cpu")
    first = queue.acquire([cpu], "first", on_wait=lambda _: None, give_up=lambda: False)
    (other,) = take("other")
    said: list[str] = []
    leases: list[queue.Lease] = []

    def wait() -> None:
        leases.append(queue.acquire([cpu], "late", on_wait=said.append, give_up=lambda: False))

    waiter = threading.Thread(target=wait)
    waiter.start()
    wait_until(lambda: said == ["cpu, after other in the queue"])
    late = next(one for one in tickets.waiting() if one.run == "late")
    tickets.move(late, "up")
    wait_until(lambda: said[-1] == "cpu, held by first")
    next(path for path in sorted(tickets.leases_folder().glob("*.ticket"))).unlink()
    wait_until(lambda: said[-1] == "cpu, after other in the queue")
    drop(other)
    first.release()
    waiter.join()
    assert tickets.waiting() == []
    assert [held.run for held in queue.leases(cpu)] == ["late"]
    assert list(tickets.leases_folder().glob("*.ticket")) == []
    leases[0].release()


def test_a_queue_that_another_process_locks_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    held = take("a")
    monkeypatch.setattr(tickets, "MUTEX_PATIENCE_S", 0.0)
    with tickets.mutex(), pytest.raises(WorkbenchError, match="locked by another process"):
        tickets.move(claim("a"), "up")
    assert held[0].held


def test_files_that_are_no_tickets_are_left_alone() -> None:
    (tickets.leases_folder() / "12-x.ticket").touch()
    held = take("a")
    assert order() == "a"
    assert (tickets.leases_folder() / "12-x.ticket").exists()
    assert held[0].held


def wait_until(happened: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(2000):
        if happened():
            return
        pause.wait(0.01)
    raise AssertionError("it has not happened")
