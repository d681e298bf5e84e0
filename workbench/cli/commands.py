"""Every command and its options; which function of which module does it stands beside."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import NamedTuple

from workbench.cli.folders import folder
from workbench.cli.inspect_options import add_inspect
from workbench.web import token

_ASSIGNMENTS = "parameters as name=value"


def add_watched(to: argparse.ArgumentParser, *, default: object) -> None:
    to.add_argument(
        "--watch",
        metavar="DIR",
        type=folder,
        default=default,
        help="on the screen, list what TensorBoard's writers and Lightning recorded below DIR too",
    )


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) < 2**16):
        raise argparse.ArgumentTypeError("a port is a number from 0 to 65535")
    return int(text)


def _json(one: argparse.ArgumentParser) -> None:
    one.add_argument("--json", action="store_true", help="write JSON")


def _run_name(one: argparse.ArgumentParser) -> None:
    one.add_argument("run", metavar="RUN", help="a run's name, or its number where that is unique")


def _watch(one: argparse.ArgumentParser) -> None:
    one.add_argument(
        "run",
        metavar="RUN|DIR",
        help="a run's name or number, or a folder with TensorBoard's event files or Lightning's "
        "metrics.csv: below it the newest is shown",
    )


def _run_names(one: argparse.ArgumentParser) -> None:
    one.add_argument("words", metavar="RUN", nargs="+", help="names of runs")


def _list(one: argparse.ArgumentParser) -> None:
    one.add_argument("topic", metavar="TOPIC", nargs="?", default="", help="only this topic")
    _json(one)


def _show(one: argparse.ArgumentParser) -> None:
    one.add_argument("name", metavar="RECIPE|RUN", help="images/cnn, cnn, or a run: images-cnn-0001")
    _json(one)


def _run(one: argparse.ArgumentParser) -> None:
    one.usage = (
        "%(prog)s [options] RECIPE [name=value ...]\n"
        "       %(prog)s [options] --from RUN|STUDY [name=value ...]"
    )
    one.add_argument(
        "words",
        metavar="RECIPE",
        nargs="*",
        help=f"images/cnn, or cnn where that is unique; behind it {_ASSIGNMENTS}",
    )
    one.add_argument(
        "--from",
        dest="origin",
        metavar="RUN|STUDY",
        help="with recipe and parameters of that run, of a study those of its best trial",
    )
    one.add_argument("--seed", type=int, help="of every source of randomness (default: 0)")
    one.add_argument("--device", help="auto, cpu, cuda, cuda:N or mps (default: auto)")
    one.add_argument("--no-queue", action="store_true", help="fail where the device is taken")
    _on_nan(one)
    one.add_argument("--detach", action="store_true", help="print the run's name and leave")
    one.add_argument("--dry-run", action="store_true", help="rehearse it, record nothing")
    _json(one)


def _tune(one: argparse.ArgumentParser) -> None:
    one.usage = (
        "%(prog)s [options] RECIPE [name=low..high | name=a,b,c | name=value ...]\n"
        "       %(prog)s --resume STUDY [--trials N] [--minutes T] [--jobs J] [--storage ADDRESS]\n"
        "       %(prog)s --show STUDY [--json]\n"
        "       %(prog)s --enqueue STUDY name=value ... | --prune STUDY TRIAL | --note STUDY TRIAL TEXT"
    )
    one.add_argument(
        "words",
        metavar="RECIPE",
        nargs="*",
        help="images/cnn, or cnn where that is unique; behind it what is searched: lr=1e-4..1e-1 is a "
        "range, width=8,16,32 a list, epochs=5 the same in every trial; without range and list the "
        "parameters that shape most networks are searched, which are told before it starts",
    )
    one.add_argument("--trials", type=int, metavar="N", help="how many (default: 30, of a grid all)")
    one.add_argument("--minutes", type=float, metavar="T", help="after them no further trial begins")
    one.add_argument("--jobs", type=int, metavar="J", help="trials at the same time (default: 1)")
    _search(one)
    one.add_argument(
        "--resume", metavar="STUDY", help="go on with one that ended, stopped or was killed"
    )
    one.add_argument("--show", metavar="STUDY", help="its best trials")
    one.add_argument(
        "--enqueue", metavar="STUDY", help="try these values next; those that are not given are drawn"
    )
    one.add_argument("--prune", metavar="STUDY", help="end one of its trials, which counts as pruned")
    one.add_argument("--note", metavar="STUDY", help="what is to be remembered of a trial")
    one.add_argument("--detach", action="store_true", help="print the study's name and leave")
    _json(one)


def _search(one: argparse.ArgumentParser) -> None:
    """How a new study searches, what counts, and where it is kept."""
    one.add_argument(
        "--sampler", metavar="NAME", help="tpe, gp, cmaes, random, qmc, grid, nsga2 (default: tpe)"
    )
    one.add_argument(
        "--folds",
        type=int,
        metavar="K",
        help="cross-validate each trial over K parts of training and validation data: the mean counts",
    )
    one.add_argument(
        "--search",
        metavar="NAME",
        help="grid, random, halving: scikit-learn's searches over the recipe as a skorch estimator, "
        "with folds (default: 5); instead of a sampler, and --metric is then a scorer such as f1_macro",
    )
    one.add_argument(
        "--pruner",
        metavar="NAME",
        help="median, percentile, halving, hyperband, wilcoxon, none (default: median; with folds "
        "wilcoxon; none for several metrics)",
    )
    one.add_argument(
        "--metric",
        metavar="NAME",
        help="what counts (default: what the recipe watches); several with commas, of which duration_s "
        "is a trial's time",
    )
    one.add_argument("--direction", metavar="min|max", help="which way it is better; min,max for two")
    one.add_argument("--seed", type=int, help="of the sampler and of every trial (default: 0)")
    one.add_argument("--device", help="of every trial: auto, cpu, cuda, cuda:N or mps (default: auto)")
    one.add_argument(
        "--storage",
        metavar="ADDRESS",
        help="of Optuna's kind (default: a file in the study's folder); its password is "
        "never written down: *** stands for it, and $WORKBENCH_STORAGE has the whole address",
    )
    one.add_argument("--study", metavar="NAME", help="in that storage; one that is there is joined")


def _runs(one: argparse.ArgumentParser) -> None:
    one.add_argument(
        "words",
        metavar="FILTER",
        nargs="*",
        help="only these: failed, a word of name, recipe or note, recipe:cnn, device:cuda, host:box, "
        "note:word, star, 'lr>0.01', epochs=20, 'best<0.1'; all have to hold; behind `--`, "
        "-star means those without",
    )
    _json(one)


def _compare(one: argparse.ArgumentParser) -> None:
    _run_names(one)
    _json(one)


def _stop(one: argparse.ArgumentParser) -> None:
    _run_names(one)
    way = one.add_mutually_exclusive_group()
    way.add_argument(
        "--after-epoch",
        action="store_true",
        help="at the end of the epoch, not now; of a study when the trials at work have ended",
    )
    way.add_argument(
        "--kill",
        action="store_true",
        help="whoever has not left after 10 s gets SIGTERM, and after another 10 s SIGKILL",
    )


def _on_nan(one: argparse.ArgumentParser) -> None:
    one.add_argument(
        "--on-nan",
        choices=("stop", "skip", "ignore"),
        default=None,
        help="at a loss or gradient that is NaN or infinite: stop the run, skip the step, or go on "
        "(on_nan=… is the same)",
    )


def _again(one: argparse.ArgumentParser) -> None:
    one.add_argument("--device", default=None, help="another device than before")
    _on_nan(one)


def _resume(one: argparse.ArgumentParser) -> None:
    one.usage = "%(prog)s [options] RUN [name=value ...]\n       %(prog)s [options] --preempted"
    one.add_argument(
        "words",
        metavar="RUN",
        nargs="*",
        help=f"a run's name, or its number where that is unique; behind it {_ASSIGNMENTS}",
    )
    _again(one)
    one.add_argument(
        "--preempted",
        action="store_true",
        help="every run that SIGTERM ended, as a cluster sends it: for a job's start script",
    )
    one.add_argument(
        "--wait",
        action="store_true",
        help="stay until they have ended, and hand SIGTERM on to them; the exit status tells the worst",
    )


def _fork(one: argparse.ArgumentParser) -> None:
    _run_name(one)
    one.add_argument("words", metavar="name=value", nargs="*", help=_ASSIGNMENTS)
    _again(one)
    one.add_argument(
        "--checkpoint",
        metavar="NAME",
        default="last",
        help="where to begin: last, best, or the step of one that was kept; `workbench show RUN` lists "
        "them (default: last)",
    )
    one.add_argument(
        "--partial",
        action="store_true",
        help="where the network has another shape, begin with the weights that fit",
    )
    one.add_argument("--seed", type=int, default=None, help="another seed than the parent's")


def _set(one: argparse.ArgumentParser) -> None:
    _run_name(one)
    one.add_argument(
        "words",
        metavar="name=value",
        nargs="+",
        help=f"{_ASSIGNMENTS}; of a study jobs, trials and minutes, and of what it searches another "
        "range (lr=1e-4..1e-2), a part of its list, or one value for all further trials",
    )


def _probe(one: argparse.ArgumentParser) -> None:
    _run_name(one)
    one.add_argument(
        "--last", action="store_true", help="the last one that was recorded, without asking"
    )
    _json(one)


def _queue(one: argparse.ArgumentParser) -> None:
    one.usage = "%(prog)s [--json]\n       %(prog)s up|down|first|cancel RUN"
    one.add_argument(
        "change",
        metavar="CHANGE",
        nargs="?",
        choices=("up", "down", "first", "cancel"),
        help="up or down one place, first of all, or cancel: the run ends as stopped",
    )
    one.add_argument("run", metavar="RUN", nargs="?", help="a run that waits, by its name or number")
    _json(one)


def _rm(one: argparse.ArgumentParser) -> None:
    _run_names(one)
    one.add_argument("--yes", action="store_true", help="do not ask")
    way = one.add_mutually_exclusive_group()
    way.add_argument("--now", action="store_true", help="for good, not into the trash")
    way.add_argument("--undo", action="store_true", help="bring them back from the trash")


def _new(one: argparse.ArgumentParser) -> None:
    one.add_argument("name", metavar="NAME", help="topic and name: my_topic/my_recipe")
    one.add_argument("--folder", metavar="DIR", type=folder, help="the folder that holds the topics")
    one.add_argument(
        "--kind",
        choices=("training", "recipe"),
        default="training",
        help="what the loop trains, or any program that reports (default: training)",
    )


def _config(one: argparse.ArgumentParser) -> None:
    one.add_argument(
        "--template",
        action="store_true",
        help="the defaults, whatever the file says: a file to start from",
    )


def _web(one: argparse.ArgumentParser) -> None:
    one.epilog = (
        "Each tab is a sitting of its own. The address that is printed holds a token, made anew at "
        f"each start, which every visit has to prove. ${token.VARIABLE} gives a fixed one; no option "
        "does, since other users of the machine see what a command was called with."
    )
    one.add_argument(
        "--port",
        type=_port,
        default=8420,
        help="where to listen; 0 takes one that is free (default: 8420)",
    )
    one.add_argument(
        "--host",
        metavar="ADDRESS",
        default="127.0.0.1",
        help="listen on another address than this machine's own; nothing is encrypted, so a tunnel by "
        "ssh is better (default: 127.0.0.1)",
    )
    add_watched(one, default=argparse.SUPPRESS)


class Command(NamedTuple):
    """A command's options, the module and function that do it, and its line of help."""

    add: Callable[[argparse.ArgumentParser], None]
    module: str
    function: str
    text: str


COMMANDS = {
    "list": Command(_list, "recipes", "list_recipes", "recipes by topic"),
    "show": Command(_show, "showing", "show", "one recipe, or one run with its checkpoints"),
    "run": Command(_run, "launching", "run_recipe", "train a recipe in the background, follow it"),
    "tune": Command(_tune, "tuning", "tune", "search for better parameters, in many trials"),
    "runs": Command(_runs, "records", "list_runs", "what ran and what runs"),
    "watch": Command(_watch, "following", "watch_run", "live curves of a run, or of another program's"),
    "inspect": Command(add_inspect, "inspecting", "inspect", "what a network does, layer by layer"),
    "compare": Command(_compare, "comparing", "compare_runs", "runs side by side"),
    "stop": Command(_stop, "steering", "stop_runs", "write a checkpoint and leave"),
    "queue": Command(
        _queue, "queueing", "show_or_change", "who waits for a device, and in which order"
    ),
    "pause": Command(_run_names, "steering", "pause_runs", "stand still between two steps"),
    "resume": Command(_resume, "resuming", "resume", "go on after a pause, an end or a preemption"),
    "fork": Command(_fork, "steering", "fork_run", "a new run from a checkpoint of another"),
    "set": Command(_set, "steering", "set_parameters", "change live parameters of a run, or a study"),
    "probe": Command(_probe, "probing", "probe_run", "what a network does inside, layer by layer"),
    "rm": Command(_rm, "records", "remove_runs", "delete runs; within a week --undo brings them back"),
    "new": Command(_new, "creating", "new_recipe", "write a recipe to start from"),
    "config": Command(_config, "configuring", "show_config", "the settings in force, and their file"),
    "web": Command(_web, "web", "serve_web", "the screens in a browser, behind a token"),
    "doctor": Command(_json, "doctor", "examine", "devices, versions, optional parts"),
}
