//! Addresses of loopback where no connection comes about.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use socket2::{Domain, Socket, Type};

/// An address that answers no attempt to connect: the system drops what comes to a listener whose queue is full, as a router
/// does behind which nobody is.
pub(super) struct Full {
    address: SocketAddr,
    _listener: Socket,
    _waiting: Vec<TcpStream>,
}

/// An address that refuses every connection: bound, and nobody listens.
pub(super) struct Nobody {
    address: SocketAddr,
    _socket: Socket,
}

impl Full {
    pub(super) fn start() -> io::Result<Self> {
        let (listener, address) = bound()?;
        listener.listen(1)?;
        let mut waiting = Vec::new();
        // Loopback answers at once, or not at all.
        while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(100)) {
            waiting.push(stream);
            if waiting.len() > 64 {
                return Err(io::Error::other(
                    "the queue of a listener is never full here",
                ));
            }
        }
        Ok(Full {
            address,
            _listener: listener,
            _waiting: waiting,
        })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Nobody {
    pub(super) fn start() -> io::Result<Self> {
        let (socket, address) = bound()?;
        Ok(Nobody {
            address,
            _socket: socket,
        })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }
}

fn bound() -> io::Result<(Socket, SocketAddr)> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
    let address = socket
        .local_addr()?
        .as_socket()
        .ok_or_else(|| io::Error::other("no address"))?;
    Ok((socket, address))
}
