"""Every key, in one table: bindings, footer, palette and help screen derive from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from textual.binding import Binding, BindingType
from textual.keys import key_to_character

GROUPS = {
    "recipes": "Recipes",
    "filter": "A line to filter by",
    "runs": "The list of runs",
    "devices": "Devices and queue",
    "run": "A run",
    "tabs": "A run's tabs",
    "checkpoints": "A run's checkpoints",
    "curves": "Curves",
    "figures": "A run's figures",
    "compare": "Comparing runs",
    "pick": "Choosing a run to compare",
    "metrics": "Choosing metrics",
    "log": "The log",
    "find": "Searching the log",
    "launch": "Launching",
    "rehearsal": "A rehearsal",
    "choice": "A list in a form",
    "switch": "A switch in a form",
    "set": "Setting a live parameter",
    "dialog": "Questions",
    "copy": "Copying",
    "help": "This page",
    "app": "Everywhere",
    "move": "Moving",
}

# Groups whose keys are good on one screen; one not listed is alone with what is good everywhere.
_TOGETHER = (
    {"recipes"},
    {"runs", "run"},
    {"devices", "run"},
    {"run", "tabs", "curves", "log", "find"},
    {"run", "tabs", "figures"},
    {"launch", "choice", "switch"},
    {"set", "launch", "choice", "switch"},
)
_EVERYWHERE = {"app", "move"}


@dataclass(frozen=True)
class Key:
    """One key: `id` is `group.name`; `action` is what Textual runs where the group is bound.

    `label` is the one word of the footer, empty for keys that are only in the help.
    """

    id: str
    key: str
    action: str
    label: str
    help: str
    priority: bool = False

    @property
    def group(self) -> str:
        return self.id.partition(".")[0]


# In the order of importance: a narrow footer shows the first ones.
KEYS: tuple[Key, ...] = (
    Key("recipes.launch", "enter", "select", "launch", "set the recipe's parameters and launch it"),
    # With priority, so that letters typed right behind it reach the filter and not the list.
    Key(
        "recipes.filter", "slash", "filter", "filter", "type to show only the recipes that match", True
    ),
    Key("recipes.open_run", "o", "open_run", "open run", "open the recipe's newest run"),
    Key("recipes.view", "v", "view", "view", "the recipe's text, its source, its layers"),
    Key("recipes.right", "right", "along(1)", "", "along the lines of the source"),
    Key("recipes.left", "left", "along(-1)", "", "back along the lines"),
    Key("recipes.page_down", "space", "page(1)", "", "scroll the recipe's page"),
    Key("recipes.page_up", "b", "page(-1)", "", "scroll the recipe's page back"),
    Key("recipes.reload", "R", "reload", "", "look for recipes again"),
    Key("recipes.all", "escape", "show_all", "show all", "all recipes again"),
    Key(
        "filter.list",
        "enter,down,escape",
        "screen.to_list",
        "to the list",
        "to the list, as it is filtered",
    ),
    Key(
        "launch.start",
        "ctrl+l",
        "launch",
        "launch",
        "launch; Enter in a field too",
        True,
    ),
    # With priority, for the keys that a line of text would take.
    Key("launch.rehearse", "ctrl+r", "rehearse", "rehearse", "one batch: shapes, memory, time", True),
    Key(
        "launch.turn_values",
        "ctrl+t",
        "turn_values",
        "last values",
        "the defaults, the values of the newest run, what was typed",
        True,
    ),
    Key("launch.next", "down", "app.focus_next", "", "next field"),
    Key("launch.previous", "up", "app.focus_previous", "", "previous field"),
    Key("choice.open", "enter", "show_overlay", "", "open the list"),
    Key("choice.next", "right", "turn(1)", "", "next choice"),
    Key("choice.previous", "left", "turn(-1)", "", "choice before"),
    Key("switch.turn", "space,left,right", "turn", "", "yes to no, no to yes"),
    Key("launch.back", "escape", "back", "back", "leave without launching"),
    Key("rehearsal.back", "escape", "back", "back", "back to the form"),
    Key("runs.open", "enter", "select_cursor", "open", "open the run"),
    Key("runs.down", "down", "cursor_down", "", "the run below"),
    Key("runs.up", "up", "cursor_up", "", "the run above"),
    Key("runs.page_down", "pagedown", "page_down", "", "a page of runs down"),
    Key("runs.page_up", "pageup", "page_up", "", "a page of runs up"),
    Key("runs.top", "home", "scroll_top", "", "to the newest run"),
    Key("runs.bottom", "end", "scroll_bottom", "", "to the oldest run"),
    Key("runs.right", "right", "scroll_right", "", "to the columns that have no room"),
    Key("runs.left", "left", "scroll_left", "", "back to the first columns"),
    Key("devices.open", "enter", "select_cursor", "open", "open the run that uses a device or waits"),
    Key("devices.move_up", "K,shift+up", "place('up')", "earlier", "one place up in the queue"),
    Key("devices.move_down", "J,shift+down", "place('down')", "later", "one place down in the queue"),
    Key("devices.move_first", "T", "place('first')", "to the top", "to the top of the queue"),
    Key("devices.cancel", "x", "cancel", "take out", "take a run out of the queue: it ends as stopped"),
    Key("devices.top", "home", "scroll_top", "", "to the first device"),
    Key("devices.bottom", "end", "scroll_bottom", "", "to the last run in the queue"),
    # Before the page's own: where there is nothing else, the way out must be told.
    Key("figures.leave", "escape", "leave", "back", "to all images again, and out of the full screen"),
    # Before the keys of the page: while the log is open, and searched, these are what one presses.
    # With priority, so that letters typed right behind it reach the line and not the page.
    Key("find.find", "slash", "find", "search", "find lines: type what they hold", True),
    Key("find.next", "n", "go(1)", "next", "to the next line that was found, at last to the first"),
    Key("find.previous", "N", "go(-1)", "", "to the line that was found before"),
    Key("find.leave", "escape", "leave", "end search", "leave the search"),
    Key("run.stop", "s", "stop", "stop", "stop after this step, with a checkpoint"),
    Key(
        "run.stop_by_signal",
        "s",
        "press",
        "end it",
        "a run that was asked to stop: SIGTERM, then SIGKILL",
    ),
    Key("run.pause", "p", "pause", "pause", "stand still between two steps"),
    Key("run.resume", "p", "resume", "resume", "go on after a pause"),
    Key("run.continue", "r", "continue", "continue", "train on from an ended run's last checkpoint"),
    Key("run.set", "e", "set", "set", "give a live parameter, such as the learning rate, a value"),
    Key("run.checkpoint", "c", "checkpoint", "checkpoint", "write a checkpoint now"),
    Key("run.fork", "f", "fork", "fork", "start a child from the chosen, or the last, checkpoint"),
    Key(
        "run.compare",
        "v",
        "compare",
        "compare",
        "compare with marked runs, its parent, its recipe's newest",
    ),
    Key("run.delete", "d", "delete", "delete", "put an ended run into the trash, for a week"),
    Key("run.back", "escape", "back", "back", "leave the page; the run trains on"),
    # With priority, so that letters typed right behind it reach the filter and not the list.
    Key(
        "runs.filter",
        "slash",
        "filter",
        "filter",
        "show only some: recipe:cnn state:failed lr>0.01 -star; any word of name, recipe or note",
        True,
    ),
    Key(
        "runs.mark",
        "space",
        "mark",
        "mark",
        "mark the run; stop, pause, delete mean all that are marked",
    ),
    Key("runs.sort", "o", "sort", "sort", "sort by the next column"),
    Key("runs.reverse", "O", "reverse", "", "sort in the other direction"),
    Key("runs.star", "asterisk", "star", "star", "give the run a star, or take it away"),
    Key("runs.note", "n", "note", "note", "write a note on the run"),
    Key("runs.mark_all", "a", "mark_all", "", "mark all runs that are shown, or none"),
    Key("runs.undo", "u", "undo", "", "bring back what was deleted last"),
    Key("runs.all", "escape", "show_all", "show all", "mark none; then all runs again"),
    Key("compare.add", "a", "add", "add", "compare with a further run"),
    Key("compare.remove", "d", "remove", "take away", "take the marked run out of the comparison"),
    Key("compare.next", "n", "choose(1)", "next run", "mark the next run"),
    Key("compare.previous", "N", "choose(-1)", "", "mark the run before"),
    Key("compare.open", "o", "open_run", "open", "open the page of the marked run"),
    Key("compare.every", "e", "every", "all", "all parameters, or only those that differ"),
    Key("compare.curves", "1", "show_tab(0)", "", "curves of all runs"),
    Key("compare.parameters", "2", "show_tab(1)", "", "parameters side by side"),
    Key("compare.results", "3", "show_tab(2)", "", "last and best values side by side"),
    Key("compare.back", "escape", "back", "back", "leave the comparison"),
    Key("pick.down", "down", "move(1)", "", "the run below"),
    Key("pick.up", "up", "move(-1)", "", "the run above"),
    Key("pick.back", "escape", "back", "back", "add no run"),
    Key("tabs.next", "tab,right", "tab(1)", "", "next tab"),
    Key("tabs.previous", "shift+tab,left", "tab(-1)", "", "previous tab"),
    Key("tabs.1", "1", "show_tab(0)", "", "curves"),
    Key("tabs.2", "2", "show_tab(1)", "", "figures"),
    Key("tabs.3", "3", "show_tab(2)", "", "log"),
    Key("tabs.4", "4", "show_tab(3)", "", "parameters"),
    Key("tabs.5", "5", "show_tab(4)", "", "checkpoints"),
    Key("tabs.6", "6", "show_tab(5)", "", "what worker and machine use"),
    Key("tabs.7", "7", "show_tab(6)", "", "why a run failed or was lost"),
    Key("checkpoints.fork", "enter", "screen.fork", "", "fork from the checkpoint under the cursor"),
    Key("checkpoints.down", "down", "cursor_down", "", "the checkpoint below"),
    Key("checkpoints.up", "up", "cursor_up", "", "the checkpoint above"),
    Key("checkpoints.page_down", "pagedown", "page_down", "", "a page of checkpoints down"),
    Key("checkpoints.page_up", "pageup", "page_up", "", "a page of checkpoints up"),
    Key("checkpoints.top", "home", "scroll_top", "", "the latest checkpoint"),
    Key("checkpoints.bottom", "end", "scroll_bottom", "", "the earliest checkpoint"),
    # Before the others: with the crosshair on, these are what one presses.
    Key("curves.right", "right", "point(1)", "move", "the crosshair to the right"),
    Key("curves.left", "left", "point(-1)", "", "the crosshair to the left"),
    Key("curves.far_right", "L,shift+right", "point(10)", "", "the crosshair ten columns to the right"),
    Key("curves.far_left", "H,shift+left", "point(-10)", "", "the crosshair ten columns to the left"),
    Key("curves.leave", "escape", "leave", "crosshair off", "put the crosshair away"),
    Key("curves.zoom", "z", "zoom", "zoom", "one plot alone, or all of them"),
    Key(
        "curves.crosshair",
        "i",
        "crosshair",
        "read",
        "a crosshair that reads the values off; again: away",
    ),
    Key("curves.axis", "u", "axis", "x axis", "x as steps, epochs, time since the start, time of day"),
    Key("curves.smooth", "w", "smooth(1)", "smooth", "smooth the curves more"),
    Key("curves.rougher", "W", "smooth(-1)", "", "smooth them less"),
    Key("curves.metrics", "m", "metrics", "metrics", "choose which metrics are drawn"),
    Key(
        "curves.closer",
        "plus,equals_sign",
        "magnify(1)",
        "closer",
        "a shorter part of x; the end is followed",
    ),
    Key("curves.wider", "minus", "magnify(-1)", "", "a longer part of x"),
    Key("curves.whole", "0", "whole", "whole", "all of x"),
    Key("curves.later", "full_stop", "pan(1)", "", "later parts of x"),
    Key("curves.earlier", "comma", "pan(-1)", "", "earlier parts of x"),
    Key("curves.log_y", "y", "log_y", "log y", "logarithmic values"),
    Key("curves.log_x", "x", "log_x", "log x", "logarithmic x"),
    Key("curves.next", "right_square_bracket", "turn(1)", "next", "next plot, or page of plots"),
    Key("curves.previous", "left_square_bracket", "turn(-1)", "", "plot or page before"),
    Key("figures.earlier", "comma", "step(-1)", "earlier", "the figure as it was a step before"),
    Key(
        "figures.later",
        "full_stop",
        "step(1)",
        "later",
        "the step after; from the newest on it is followed",
    ),
    Key("figures.alone", "z", "alone", "full screen", "the figure on the whole screen, or not"),
    Key("figures.image", "i", "image(1)", "image", "one image of a grid alone, the next one"),
    Key("figures.image_before", "I", "image(-1)", "", "the image before"),
    Key("figures.leap_earlier", "left_square_bracket", "leap(-1)", "", "a tenth of all steps before"),
    Key("figures.leap_later", "right_square_bracket", "leap(1)", "", "a tenth of all steps after"),
    Key("figures.first", "home", "first", "", "the figure's first step"),
    Key("figures.newest", "end", "newest", "", "its newest step, which is followed"),
    Key("figures.down", "down", "name(1)", "", "the figure below"),
    Key("figures.up", "up", "name(-1)", "", "the figure above"),
    # With priority, all of them: the line of text would take what they can be moved to.
    Key("metrics.keep", "enter", "keep", "draw", "draw those that are ticked", True),
    Key("metrics.toggle", "space", "tick", "tick", "tick the metric, or untick it", True),
    Key(
        "metrics.toggle_all",
        "asterisk",
        "tick_all",
        "tick all",
        "tick all that match, or untick them",
        True,
    ),
    Key("metrics.down", "down", "move(1)", "", "next metric", True),
    Key("metrics.up", "up", "move(-1)", "", "metric before", True),
    Key("metrics.page_down", "pagedown", "move_page(1)", "", "a page down", True),
    Key("metrics.page_up", "pageup", "move_page(-1)", "", "a page up", True),
    Key("metrics.back", "escape", "back", "back", "leave the choice as it was", True),
    Key("log.right", "shift+right", "scroll_right", "", "along the lines"),
    Key("log.left", "shift+left", "scroll_left", "", "back along the lines"),
    Key("log.down", "down", "scroll_down", "", "down; the end is followed"),
    Key("log.up", "up", "scroll_up", "", "up"),
    Key("log.page_down", "pagedown", "page_down", "", "a page down"),
    Key("log.page_up", "pageup", "page_up", "", "a page up"),
    Key("log.top", "home", "scroll_home", "", "to its beginning"),
    Key("log.bottom", "end", "scroll_end", "", "to its end"),
    Key("dialog.yes", "y", "answer('yes')", "yes", "agree"),
    Key("dialog.other", "e", "answer('other')", "other", "the other way that is offered"),
    Key("dialog.no", "n", "answer('')", "no", "do not"),
    Key("dialog.cancel", "escape", "answer('')", "back", "leave everything as it was"),
    Key("set.keep", "enter", "keep", "set", "give the parameter this value"),
    Key("set.back", "escape", "back", "back", "leave the value as it was"),
    Key("copy.take", "enter", "select", "copy", "copy what is under the cursor"),
    Key("copy.save", "s", "save", "save", "save it to a file"),
    Key("copy.back", "escape", "back", "back", "leave; what was copied stays copied"),
    Key("help.close", "escape", "close", "back", "close the help"),
    Key("help.toggle", "question_mark", "close", "", "close it too"),
    Key("move.down", "j", "app.simulate_key('down')", "", "down, as the arrow does"),
    Key("move.up", "k", "app.simulate_key('up')", "", "up"),
    Key("move.left", "h", "app.simulate_key('left')", "", "left"),
    Key("move.right", "l", "app.simulate_key('right')", "", "right"),
    Key("move.top", "g", "app.simulate_key('home')", "", "to the top"),
    Key("move.bottom", "G", "app.simulate_key('end')", "", "to the bottom"),
    Key("move.page_down", "ctrl+d", "app.simulate_key('pagedown')", "", "a page down"),
    Key("move.page_up", "ctrl+u", "app.simulate_key('pageup')", "", "a page up"),
    Key("app.recipes", "1", "show_recipes", "", "the recipes"),
    Key("app.runs", "2", "show_runs", "", "the runs"),
    Key("app.devices", "3", "show_devices", "", "the devices and the queue for them"),
    Key("app.copy", "Y", "copy", "", "copy a name, a path, a value or a command"),
    Key("app.theme", "t", "switch_theme", "", "the next theme"),
    Key("app.palette", "colon,ctrl+p", "command_palette", "", "every action by name; ctrl+p too"),
    Key("app.help", "question_mark", "help", "help", "this page"),
    Key("app.quit", "q", "quit", "leave", "leave the workbench; the runs train on"),
)

_SHOWN_AS = {
    "slash": "/",
    "colon": ":",
    "asterisk": "*",
    "question_mark": "?",
    "right_square_bracket": "]",
    "left_square_bracket": "[",
    "plus": "+",
    "minus": "-",
    "comma": ",",
    "full_stop": ".",
    "escape": "esc",
    "ctrl+l": "^l",
    "ctrl+r": "^r",
    "ctrl+t": "^t",
    "ctrl+d": "^d",
    "ctrl+u": "^u",
    "left": "←",
    "right": "→",
    "up": "↑",
    "down": "↓",
}

_changed: dict[str, str] = {}


def bindings(*groups: str) -> list[BindingType]:
    """Textual's bindings for groups of keys, or for single ones by their id."""
    return [
        Binding(
            key.key,
            key.action,
            key.label,
            show=bool(key.label),
            key_display=shown(key.key),
            priority=key.priority,
            id=key.id,
        )
        for key in KEYS
        if key.group in groups or key.id in groups
    ]


def together() -> Iterator[set[str]]:
    """The groups of each screen: within one of them a key must mean one thing."""
    listed = set().union(*_TOGETHER)
    alone = [{group} for group in GROUPS if group not in listed]
    for groups in [*_TOGETHER, *alone]:
        yield groups | _EVERYWHERE


def use(changed: Mapping[str, str]) -> None:
    """Show these keys, by id, in the place of the table's: there is one user a process."""
    _changed.clear()
    _changed.update(changed)


def shown_for(key_id: str) -> str:
    """The key that does what `key_id` names, as the user has it."""
    return shown(_changed.get(key_id) or next(key.key for key in KEYS if key.id == key_id))


def shown(key: str) -> str:
    """A key as the footer and the help write it: `/`, `esc`, `^l`."""
    first = key.partition(",")[0]
    *modifiers, last = first.split("+")
    if first in _SHOWN_AS or not modifiers:
        return _SHOWN_AS.get(first) or _character(first)
    start = "".join("^" if one == "ctrl" else f"{one}+" for one in modifiers)
    return start + (_SHOWN_AS.get(last) or _character(last))


def _character(name: str) -> str:
    """`comma` as `,`; what prints nothing keeps its name."""
    char = key_to_character(name)
    return char if char and char.isprintable() and char != " " else name


def named(binding_id: str | None) -> Key | None:
    """The key of that id."""
    return next((key for key in KEYS if key.id == binding_id), None)


def leads_out(binding_id: str | None) -> bool:
    """Whether it leads out of where one is, which a footer never leaves out."""
    return (binding_id or "").partition(".")[2] in {"back", "leave", "all"}


def rank(binding_id: str | None) -> int:
    """The place of a binding in the table; keys that are not in it come last."""
    ids = [key.id for key in KEYS]
    return ids.index(binding_id) if binding_id in ids else len(ids)
