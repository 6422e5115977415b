"""`qrr login`: try an API key, then save the account."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from ..config import account_file
from ..errors import InvalidInput
from .options import JsonOption, ServiceOptions
from .terminal import print_json, say

__all__ = ["login"]


def login(
    *,
    instance: Annotated[
        str | None, typer.Option(help="CRN of the instance. Default: QISKIT_IBM_INSTANCE, else it asks.")
    ] = None,
    account: Annotated[str, typer.Option(help="Name of the account in the file.")] = account_file.DEFAULT_NAME,
    default: Annotated[bool, typer.Option("--default", help="Mark it as the default account.")] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an account of this name, or the default account.")
    ] = False,
    base_url: Annotated[
        str | None, typer.Option(help="URL of the service, up to /v1. Default: from the CRN's region.")
    ] = None,
    iam_url: Annotated[str | None, typer.Option(help="Host that exchanges the API key for a token.")] = None,
    json: JsonOption = False,
) -> None:
    """Ask for an API key, try it, and save it where IBM's SDK looks for it too (~/.qiskit/qiskit-ibm.json).

    The key is read without echo, or from stdin if that is a pipe. It is never an argument.
    """
    path = account_file.default_path()
    account_file.check_can_save(path, name=account, overwrite=overwrite, set_as_default=default)
    options = ServiceOptions(instance=instance or _ask_instance(), base_url=base_url, iam_url=iam_url)
    settings = options.settings(api_key=_ask_api_key())

    from ..client.client import RuntimeClient
    from ..config.crn import Crn

    with RuntimeClient(settings=settings) as client:
        devices = client.instances.get().backends or []

    usual = Crn.parse(settings.instance or "")
    account_file.save_account(
        path,
        name=account,
        api_key=settings.api_key or "",
        instance=settings.instance or "",
        url=settings.base_url if settings.base_url != usual.base_url() else None,
        overwrite=overwrite,
        set_as_default=default,
    )
    chosen = account_file.read_account(path)
    is_default = chosen is not None and chosen.name == account
    if json:
        print_json({"account": account, "path": str(path), "instance": settings.instance, "default": is_default})
        return
    say(f"the service accepts the API key; the instance has {len(devices)} backends.", label="ok", label_style="green")
    say(f"saved as {account!r} in {path}, readable only by you.", label="ok", label_style="green")
    if not is_default:
        say(f"it is not the default account: select it with --account {account}.")
    if settings.iam_url != usual.iam_url():
        say(f"the file has no field for the IAM host: set IAM_URL={settings.iam_url} in the environment.")


def _ask_instance() -> str:
    from_environment = os.environ.get("QISKIT_IBM_INSTANCE", "")
    if from_environment:
        return from_environment
    if not sys.stdin.isatty():
        raise InvalidInput("the CRN is missing. stdin is a pipe and is read for the API key only: add --instance CRN.")
    return str(typer.prompt("Instance (CRN, from the Instances page of IBM Quantum Platform)", err=True))


def _ask_api_key() -> str:
    if sys.stdin.isatty():
        key = str(typer.prompt("API key (not shown)", hide_input=True, err=True))
    else:
        key = sys.stdin.readline()
    if not key.strip():
        raise InvalidInput("no API key: type one, or pipe it to stdin. Create it on IBM Quantum Platform.")
    return key
