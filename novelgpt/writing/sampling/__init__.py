"""The logits of one step go in, one token id comes out: small pure functions, composed once from a `SampleConfig`.

`penalties` and `runs` say how much each token's logit moves; `filters` say which tokens stay; `mirostat` is a filter
that adapts; `choice` puts them in their order and draws. `reach` finds the few that matter among many, fast.
Law: a filter keeps at least one token, and none of this cares in which order the ids stand.
"""

from novelgpt.writing.sampling.choice import Choose, compose, draw
from novelgpt.writing.sampling.known import Known

__all__ = ["Choose", "Known", "compose", "draw"]
