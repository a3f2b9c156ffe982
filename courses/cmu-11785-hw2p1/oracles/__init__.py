"""What layers and networks of this handout alone must give."""
