"""A TCP proxy that can be told to misbehave, over the HTTP API of Shopify's Toxiproxy.

`toxics` describes the toxics and `effects` applies them, each at a stage of its own (`stages`);
`flow` leads through the stages, `links` holds the connections, `api` is the HTTP side.
`python -m chaos.proxy --port P` serves the API on the loopback interface.
"""
