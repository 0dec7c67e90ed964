"""Networks, weight files, and which of them decides."""
