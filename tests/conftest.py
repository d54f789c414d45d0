"""What all suites share: the marks that they use."""


def pytest_configure(config):
  config.addinivalue_line("markers", "slow: left out of scripts/test --quick")
