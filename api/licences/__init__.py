"""Resources: licences, calibrations and renewals that come due."""
