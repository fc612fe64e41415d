"""A TCP proxy that can be told to misbehave, over the HTTP API of Shopify's Toxiproxy.

`toxics` says what can be done to the bytes and `effects` does it, each toxic at a stage of its own
(`stages`); `flow` is the way through the stages, `links` the connections, `api` the HTTP side.
`python -m chaos.proxy --port P` serves the API on the loopback interface.
"""
