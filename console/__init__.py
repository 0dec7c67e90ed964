"""What a person sees and presses. Imports engine and models; nothing imports console."""
