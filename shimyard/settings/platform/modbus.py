"""Devices that speak Modbus TCP, and what of them is read."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from shimyard.settings.base import DNS_LABEL, FieldError, Line, Model, each_once, matching
from shimyard.settings.nodes import Port
from shimyard.settings.platform.topics import TopicLevel

Table = Literal["holding", "input", "coil", "discrete"]
NumberType = Literal["int16", "uint16", "int32", "uint32", "float32", "float64"]

_WORDS: Final[dict[NumberType, int]] = {
    "int16": 1,
    "uint16": 1,
    "int32": 2,
    "uint32": 2,
    "float32": 2,
    "float64": 4,
}
"""Registers of 16 bits that a number takes."""
_REGISTERS: Final = 65_536

Finite = Annotated[float, Field(allow_inf_nan=False)]

DeviceHost = Annotated[
    str,
    AfterValidator(
        matching(
            rf"(?=.{{1,253}}$){DNS_LABEL}(\.{DNS_LABEL})*",
            "is neither a DNS name nor an IPv4 address; write it like 'plc.hall.example' or "
            "'10.20.0.5', without a port",
        )
    ),
]
"""A DNS name in lower case, or an IPv4 address."""


class RegisterSettings(Model):
    """One value of a device."""

    name: TopicLevel = Field(description="Name of the sensor: the last level of its topic.")
    address: Annotated[int, Field(ge=0, lt=_REGISTERS)] = Field(
        description="Address in the table as the protocol counts, from 0: the manual's 40001 is 0 "
        "of `holding`."
    )
    table: Table = Field(
        default="holding",
        description="holding, input: registers, read by function 3 or 4. coil, discrete: single "
        "bits, read by function 1 or 2.",
    )
    type: NumberType | None = Field(
        default=None,
        description="How a number lies in the registers. Default: uint16; a bit has none.",
    )
    scale: Finite = Field(
        default=1.0, description="The reading is the number times this, in `unit`."
    )
    offset: Finite = Field(default=0.0, description="And plus this, in `unit`.")
    unit: Annotated[Line, Field(max_length=32)] | None = Field(
        default=None, description="Unit of the reading: '°C'. Default: none."
    )

    @model_validator(mode="after")
    def _bits_are_no_numbers(self) -> Self:
        if self.table in ("coil", "discrete"):
            given = sorted(self.model_fields_set & {"type", "scale", "offset", "unit"})
            if given:
                raise FieldError(
                    given[0], f"belongs to a number, and a {self.table} is a bit; remove it"
                )
        if self.scale == 0:
            raise FieldError("scale", "makes every reading the same; write another number than 0")
        if self.address + self.words > _REGISTERS:
            raise FieldError(
                "address",
                f"{self.address} and the {self.words} registers of a {self.type} go past the "
                f"last one, {_REGISTERS - 1}; write the address of its first register",
            )
        return self

    @property
    def words(self) -> int:
        """Registers, or bits, that it takes."""
        return 1 if self.type is None else _WORDS[self.type]


class DeviceSettings(Model):
    """A Modbus TCP server, of which registers are read over and over; none is ever written."""

    name: TopicLevel = Field(description="Name of the device: a level of its readings' topics.")
    host: DeviceHost = Field(description="DNS name or IPv4 address.")
    port: Port = Field(default=502, description="TCP port.")
    unit_id: Annotated[int, Field(ge=0, le=255)] = Field(
        default=1, description="Unit behind that address, for gateways to serial lines."
    )
    poll_interval_milliseconds: Annotated[int, Field(ge=50, le=86_400_000)] = Field(
        default=1000, description="Milliseconds from one round over its registers to the next."
    )
    timeout_milliseconds: Annotated[int, Field(ge=10, le=60_000)] = Field(
        default=500, description="Milliseconds that an answer may take."
    )
    word_order: Literal["big", "little"] = Field(
        default="big",
        description="Which register of a number of several comes first: big, the highest one.",
    )
    registers: list[RegisterSettings] = Field(description="What is read.", min_length=1)

    @model_validator(mode="after")
    def _each_sensor_once(self) -> Self:
        each_once("registers[{}].name", (register.name for register in self.registers))
        return self

    @model_validator(mode="after")
    def _answers_before_it_is_asked_again(self) -> Self:
        if self.timeout_milliseconds > self.poll_interval_milliseconds:
            raise FieldError(
                "timeoutMilliseconds",
                f"{self.timeout_milliseconds} is longer than pollIntervalMilliseconds "
                f"({self.poll_interval_milliseconds}): rounds would pile up; lower it, or poll "
                "less often",
            )
        return self

    @property
    def is_loopback(self) -> bool:
        """Whether the host is whoever asks."""
        return self.host == "localhost" or (self.is_address and ip_address(self.host).is_loopback)

    @property
    def is_address(self) -> bool:
        """Whether the host is an IPv4 address."""
        try:
            ip_address(self.host)
        except ValueError:
            return False
        return True
