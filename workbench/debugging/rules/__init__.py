"""What a diagnosis looks for, a group of sicknesses a file."""
