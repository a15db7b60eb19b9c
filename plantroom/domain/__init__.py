"""What the plant is: assets, points, quality, findings. Standard library only."""
