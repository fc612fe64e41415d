"""What can be started, killed and frozen: processes of this machine, and what a fault may touch."""
