"""A TCP proxy that can be told to misbehave, over the HTTP API of Shopify's Toxiproxy.

`toxics` holds what can be done to the bytes, `links` the connections, `api` the HTTP side;
`python -m chaos.proxy --port P` serves the API on the loopback interface.
"""
