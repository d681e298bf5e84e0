"""RNN, LSTM and GRU drawn out over time: the same weights at each moment, written as formulas.

torch's layers are the rolled form: one call reads a series of any length. Unrolled, the network is as
deep as the series is long, and it is seen what passes from moment to moment.
Sources: J. Elman, 1990 (RNN); S. Hochreiter and J. Schmidhuber, 1997 (LSTM); K. Cho et al., 2014 (GRU).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

Reader = nn.RNN | nn.LSTM | nn.GRU
State = tuple[Tensor, ...]  # of (N, W) each: what passes to the next moment; the first is the output

# Shapes: N series of a batch, L moments, I inputs, W width. Weights of an LSTM's four gates, or a GRU's
# three, lie below each other: (4W, I) and (4W, W).


def _rnn(inward: Tensor, recurrent: Callable[[Tensor], Tensor], state: State) -> State:
    return (torch.tanh(inward + recurrent(state[0])),)


def _lstm(inward: Tensor, recurrent: Callable[[Tensor], Tensor], state: State) -> State:
    output, memory = state
    enter, keep, new, show = (inward + recurrent(output)).chunk(4, dim=1)  # (N, W) each
    memory = keep.sigmoid() * memory + enter.sigmoid() * new.tanh()
    return show.sigmoid() * memory.tanh(), memory


def _gru(inward: Tensor, recurrent: Callable[[Tensor], Tensor], state: State) -> State:
    (output,) = state
    reset, keep, new = inward.chunk(3, dim=1)
    reset_before, keep_before, new_before = recurrent(output).chunk(3, dim=1)
    keep = (keep + keep_before).sigmoid()
    new = torch.tanh(new + (reset + reset_before).sigmoid() * new_before)
    return (keep * output + (1 - keep) * new,)


_MOMENT: dict[type[nn.Module], tuple[Callable[..., State], int]] = {
    nn.RNN: (_rnn, 1),
    nn.LSTM: (_lstm, 2),
    nn.GRU: (_gru, 1),
}


def outputs(reader: Reader, series: Tensor) -> Tensor:
    """What a layer of one direction gives at each moment of series (N, L, I): (N, L, W)."""
    moment, parts = _MOMENT[type(reader)]
    state = tuple(series.new_zeros(len(series), reader.hidden_size) for _ in range(parts))
    found = []
    for inputs in series.unbind(1):  # (N, I)
        inward = inputs @ reader.weight_ih_l0.T + reader.bias_ih_l0
        state = moment(inward, lambda out: out @ reader.weight_hh_l0.T + reader.bias_hh_l0, state)
        found.append(state[0])
    return torch.stack(found, dim=1)
