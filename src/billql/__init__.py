"""billql answers questions about bills in SQL."""
