"""What the scripts in bench/ share: where the peers and the load generator are, servers to measure, their CPU time and memory."""
