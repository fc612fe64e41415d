"""An OpenAI model through LiteLLM, with a tool."""
