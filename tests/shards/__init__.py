"""Runs on several machines, which processes with folders of their own stand for, and a real Redis between them."""
