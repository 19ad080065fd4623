"""What other libraries load to ask billql: one folder for each library, behind an extra."""
