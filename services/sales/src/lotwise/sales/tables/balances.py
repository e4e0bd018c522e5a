"""The only home of the shape of the rows of packages sold, memberships, gift certificates and accounts."""
