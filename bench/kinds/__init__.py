"""`./dev bench kinds`: every kind of message against Apache RocketMQ; see __main__.py."""
