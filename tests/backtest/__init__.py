"""How good forecasts and anomalies are, over made-up series: `make backtest`."""
