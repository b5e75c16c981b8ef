"""The resolvers' questions, answered from the pushed versions where a back end has no metadata store."""
