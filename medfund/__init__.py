"""medfund: a data warehouse and dashboards for China's basic medical-insurance funds."""

__version__ = "0.1.0"
