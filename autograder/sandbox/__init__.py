"""The trusted side of the room: starts it, confines it, measures its time, and believes nothing it says."""
