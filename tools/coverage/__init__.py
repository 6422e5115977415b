"""Which part of the contract is tested where: noted while the tests run, shown in `docs/coverage.md`.

python -m pytest -p tools.coverage.plugin --contract-coverage build/coverage.json
qrr contract check --report build/contract.json
python -m tools.coverage build/coverage.json build/contract.json
"""
