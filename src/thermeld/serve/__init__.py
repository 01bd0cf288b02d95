"""A page for people, and a service for programs."""
