"""The cost of the model: tokens, calls and money, from the log of the stand-in for the model.

A token of the stand-in is four bytes of text, which is an estimate: a provider counts otherwise.
So calls and tokens are measured in the stand-in's tokens, lines through them are fitted, and money
is assumed, because it takes these tokens for the provider's and rests on a list of prices.
"""
