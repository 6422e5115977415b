"""The classic API served on a socket, with its reference page at `/openapi/`."""

from .server import LoopbackGateway, gateway_app, gateway_server, serve_gateway

__all__ = ["LoopbackGateway", "gateway_app", "gateway_server", "serve_gateway"]
