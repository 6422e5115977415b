"""Developer tools: generate the API package from the contract, and vendor a new contract."""
