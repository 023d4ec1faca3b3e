"""What several tests share: trees, servers, a forge, a registry, the demo."""
