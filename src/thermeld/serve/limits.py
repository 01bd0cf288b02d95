"""What one service takes on, and what it refuses."""

from dataclasses import dataclass, fields

from thermeld.cores import usable_cores
from thermeld.errors import BadSetting, UnknownName
from thermeld.registry import METHODS, MethodCard, lookup

MIB = 2**20
FAMILIES = ("neural", "floor", "pyramid")  # others take up to half a minute at 640x480
FIELD_BYTES = 4096  # of one option
WARP_BYTES = MIB  # of a warp's JSON; a full local grid takes 200 kB
LINGER_S = 2.0  # for which what a refused client still sends is thrown away, so that it hears why


@dataclass(frozen=True)
class Limits:
    """The bounds of a service; times in seconds.

    Attributes:
        upload_bytes: of one request, all its parts together.
        held_bytes: of all requests that are sending, waiting or in work, together.
        pixels: of one picture, as its header states them, before it is decoded.
        score_pixels: of one picture to be scored, which costs a hundred times a fusion.
        methods: that may be asked for, families or names; ("all",) for every one.
        parallel: requests in work at once; 0 for one per core.
        waiting: requests beyond those that may send or wait.
        per_client: requests of one address at once; 0 for any number.
        connections: open at once.
        request_s: from a request's last byte to its answer.
        upload_s: from a request's first byte to its last.
        idle_s: without a byte of a request, or with an answer that is not read.
        head_s: for a request's line and headers, and between two requests.
        head_bytes: of a request's line and headers.
        stop_s: for what is under way when the service is stopped.
    """

    upload_bytes: int = 32 * MIB
    held_bytes: int = 256 * MIB
    pixels: int = 2**24
    score_pixels: int = 2**21
    methods: tuple[str, ...] = FAMILIES
    parallel: int = 0
    waiting: int = 32
    per_client: int = 16
    connections: int = 256
    request_s: float = 30.0
    upload_s: float = 60.0
    idle_s: float = 10.0
    head_s: float = 10.0
    head_bytes: int = 16_384
    stop_s: float = 60.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            least = 0 if field.name in ("parallel", "waiting", "per_client") else 1e-3
            if field.name != "methods" and not value >= least:
                raise BadSetting(f"limit {field.name} must be positive, got {value!r}")
        families = {entry.card.family for entry in METHODS.values()}
        for name in self.methods:
            if name != "all" and name not in families and name not in METHODS:
                known = ", ".join(sorted(families))
                raise UnknownName(f"no method and no family named {name!r}; families: {known}, all")

    @property
    def workers(self) -> int:
        """Requests in work at once."""
        return self.parallel or usable_cores()

    def allows(self, card: MethodCard) -> bool:
        """Whether a method may be asked for."""
        return bool({"all", card.family, card.name} & set(self.methods))

    def require_method(self, name: str) -> None:
        """Refuse a method that is not offered; paths of model files never are.

        Raises:
            UnknownName: no such method.
            BadSetting: there is, but not here.
        """
        if not self.allows(lookup(METHODS, name, "method").card):
            offered = ", ".join(
                sorted(n for n, entry in METHODS.items() if self.allows(entry.card))
            )
            raise BadSetting(f"{name} is not offered by this service; it offers {offered}")
