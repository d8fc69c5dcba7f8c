//! THE WIRE: HTTP and WebSocket messages; OpenAPI and TypeScript are generated from it.
