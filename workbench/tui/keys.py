"""Every key, in one table: bindings, footer, palette and help screen derive from it."""

from __future__ import annotations

from dataclasses import dataclass

from textual.binding import Binding, BindingType

GROUPS = {
    "recipes": "Recipes",
    "runs": "The list of runs",
    "run": "A run",
    "tabs": "A run's tabs",
    "curves": "Curves",
    "log": "The log",
    "launch": "Launching",
    "choice": "A list in a form",
    "switch": "A switch in a form",
    "set": "Setting a live parameter",
    "dialog": "Questions",
    "help": "This page",
    "app": "Everywhere",
    "move": "Moving",
}


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
    Key("recipes.page_down", "space", "page(1)", "", "scroll the recipe's page"),
    Key("recipes.page_up", "b", "page(-1)", "", "scroll the recipe's page back"),
    Key("recipes.reload", "R", "reload", "", "look for recipes again"),
    Key(
        "launch.start",
        "ctrl+l",
        "launch",
        "launch",
        "launch; Enter in a field too",
        True,
    ),
    Key("launch.next", "down", "app.focus_next", "", "next field"),
    Key("launch.previous", "up", "app.focus_previous", "", "previous field"),
    Key("choice.open", "enter", "show_overlay", "", "open the list"),
    Key("choice.next", "right", "turn(1)", "", "next choice"),
    Key("choice.previous", "left", "turn(-1)", "", "choice before"),
    Key("switch.turn", "space,left,right", "turn", "", "yes to no, no to yes"),
    Key("launch.back", "escape", "back", "back", "leave without launching"),
    Key("runs.open", "enter", "select_cursor", "open", "open the run"),
    Key("run.stop", "s", "stop", "stop", "stop after this step, with a checkpoint"),
    Key("run.pause", "p", "pause", "pause", "stand still between two steps"),
    Key("run.resume", "p", "resume", "resume", "go on after a pause"),
    Key("run.continue", "r", "continue", "continue", "train on from an ended run's last checkpoint"),
    Key("run.set", "e", "set", "set", "give a live parameter, such as the learning rate, a value"),
    Key("run.checkpoint", "c", "checkpoint", "checkpoint", "write a checkpoint now"),
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
    Key("tabs.next", "tab,right", "tab(1)", "", "next tab"),
    Key("tabs.previous", "shift+tab,left", "tab(-1)", "", "previous tab"),
    Key("tabs.1", "1", "show_tab(0)", "", "curves"),
    Key("tabs.2", "2", "show_tab(1)", "", "figures"),
    Key("tabs.3", "3", "show_tab(2)", "", "log"),
    Key("tabs.4", "4", "show_tab(3)", "", "parameters"),
    Key("tabs.5", "5", "show_tab(4)", "", "checkpoints"),
    Key("curves.zoom", "z", "zoom", "zoom", "one plot alone, or all of them"),
    Key("curves.log_y", "y", "log_y", "log y", "logarithmic values"),
    Key("curves.log_x", "x", "log_x", "log x", "logarithmic steps"),
    Key("curves.next", "right_square_bracket", "turn(1)", "next", "next plot, or page of plots"),
    Key("curves.previous", "left_square_bracket", "turn(-1)", "", "plot or page before"),
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
    Key("app.theme", "t", "switch_theme", "", "dark or light"),
    Key("app.help", "question_mark", "help", "help", "this page"),
    Key("app.quit", "q", "quit", "leave", "leave the workbench; the runs train on"),
)

_SHOWN_AS = {
    "slash": "/",
    "asterisk": "*",
    "question_mark": "?",
    "right_square_bracket": "]",
    "left_square_bracket": "[",
    "escape": "esc",
    "ctrl+l": "^l",
    "ctrl+d": "^d",
    "ctrl+u": "^u",
    "left": "←",
    "right": "→",
    "up": "↑",
    "down": "↓",
}


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


def shown(key: str) -> str:
    """A key as the footer and the help write it: `/`, `esc`, `^l`."""
    first = key.partition(",")[0]
    return _SHOWN_AS.get(first, first)


def named(binding_id: str | None) -> Key | None:
    """The key of that id."""
    return next((key for key in KEYS if key.id == binding_id), None)


def rank(binding_id: str | None) -> int:
    """The place of a binding in the table; keys that are not in it come last."""
    ids = [key.id for key in KEYS]
    return ids.index(binding_id) if binding_id in ids else len(ids)
