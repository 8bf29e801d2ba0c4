"""What an IoT gateway of the lab runs: Debian's mosquitto, and a bridge and a filter of its own."""
