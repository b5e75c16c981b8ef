"""What the resolvers look up, from the manifests of the pushed versions, for back ends without a metadata store."""
