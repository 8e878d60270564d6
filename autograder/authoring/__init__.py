"""Write exercises: build the release, prove the suites, pack the zip for students."""
