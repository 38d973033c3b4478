from typing import Any

from numpy.typing import NDArray

def shuffle(bit_generator: Any, order: NDArray[Any]) -> None: ...
