"""One requirement tried on one operation: planned, sent, judged."""
