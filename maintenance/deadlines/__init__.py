"""What runs out by itself: licences of machines, certificates of people, licences of contractors, calibrations."""
