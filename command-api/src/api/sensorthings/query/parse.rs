//! Words → expressions: one step of the grammar, one function.

use super::ast::{Expr, Function, Literal, Op};
use super::lex::{Token, lex};
use super::{DEPTH_MAX, NODES_MAX, QueryError, invalid};

/// The words of a text, and how far they are read.
#[derive(Debug)]
pub struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
    nodes: usize,
}

impl Parser {
    /// Reads a text into words.
    ///
    /// # Errors
    /// [`QueryError::Invalid`].
    pub fn new(text: &str) -> Result<Self, QueryError> {
        Ok(Self { tokens: lex(text)?, at: 0, depth: 0, nodes: 0 })
    }

    /// The next word, not yet taken.
    pub fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    /// Takes the next word.
    pub fn take(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    /// Takes a mark if it is next.
    pub fn takes(&mut self, mark: char) -> bool {
        let is = self.peek() == Some(&Token::Mark(mark));
        self.at += usize::from(is);
        is
    }

    /// Takes a mark that must be next.
    ///
    /// # Errors
    /// [`QueryError::Invalid`].
    pub fn needs(&mut self, mark: char) -> Result<(), QueryError> {
        if self.takes(mark) {
            Ok(())
        } else {
            invalid(format!("{mark:?} is wanted {}", self.place()))
        }
    }

    /// Nothing may be left.
    ///
    /// # Errors
    /// [`QueryError::Invalid`].
    pub fn end(&self) -> Result<(), QueryError> {
        if self.at >= self.tokens.len() {
            return Ok(());
        }
        invalid(format!("nothing more is expected {}", self.place()))
    }

    fn place(&self) -> String {
        match self.peek() {
            None => "at the end".into(),
            Some(Token::Name(name)) => format!("before {name:?}"),
            Some(Token::Option(name)) => format!("before \"${name}\""),
            Some(Token::Literal(literal)) => format!("before {literal}"),
            Some(Token::Mark(mark)) => format!("before {mark:?}"),
        }
    }

    /// One level deeper.
    ///
    /// # Errors
    /// [`QueryError::Invalid`] beyond [`DEPTH_MAX`].
    pub fn deeper(&mut self) -> Result<(), QueryError> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            invalid(format!("nested deeper than {DEPTH_MAX}"))
        } else {
            Ok(())
        }
    }

    /// One level up.
    pub fn shallower(&mut self) {
        self.depth -= 1;
    }

    fn node(&mut self) -> Result<(), QueryError> {
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            return invalid(format!("an expression has at most {NODES_MAX} parts"));
        }
        Ok(())
    }

    /// An expression.
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn expression(&mut self) -> Result<Expr, QueryError> {
        self.binary(1)
    }

    /// Operators that bind at least this tightly, from left to right.
    fn binary(&mut self, least: usize) -> Result<Expr, QueryError> {
        self.deeper()?;
        let mut left = self.unary()?;
        while let Some(Token::Name(word)) = self.peek()
            && let Some(op) = Op::of(word).filter(|op| op.binds() >= least)
        {
            self.at += 1;
            self.node()?;
            let right = self.binary(op.binds() + 1)?;
            left = Expr::Binary(op, Box::new(left), Box::new(right));
        }
        self.shallower();
        Ok(left)
    }

    fn unary(&mut self) -> Result<Expr, QueryError> {
        self.node()?;
        let name = match self.take() {
            Some(Token::Literal(literal)) => return Ok(Expr::Literal(literal)),
            Some(Token::Mark('(')) => {
                let inner = self.expression()?;
                self.needs(')')?;
                return Ok(inner);
            }
            Some(Token::Name(name)) => name,
            _ => {
                self.at -= 1;
                return invalid(format!("a value or a property is wanted {}", self.place()));
            }
        };
        if name == "not" {
            self.deeper()?;
            let of = self.unary()?;
            self.shallower();
            return Ok(Expr::Not(Box::new(of)));
        }
        if self.takes('(') {
            return self.call(&name);
        }
        if Op::of(&name).is_some() {
            return invalid(format!("a value or a property is wanted before {name:?}"));
        }
        self.path(name).map(Expr::Path)
    }

    fn call(&mut self, name: &str) -> Result<Expr, QueryError> {
        let Some(function) = Function::of(name) else {
            let known: Vec<&str> = Function::ALL.iter().map(|f| f.word()).collect();
            let said = format!("there is no function {name:?}; there are {}", known.join(", "));
            return Err(QueryError::NotImplemented(said));
        };
        let mut arguments = Vec::new();
        if !self.takes(')') {
            loop {
                arguments.push(self.expression()?);
                if !self.takes(',') {
                    break;
                }
            }
            self.needs(')')?;
        }
        let (least, most) = function.arguments();
        if !(least..=most).contains(&arguments.len()) {
            return invalid(format!(
                "{name} has {least} to {most} arguments, not {}",
                arguments.len()
            ));
        }
        Ok(Expr::Call(function, arguments))
    }

    /// The rest of a path after its first name. A number may stand there too: an entry of a list.
    ///
    /// # Errors
    /// [`QueryError::Invalid`].
    pub fn path(&mut self, first: String) -> Result<Vec<String>, QueryError> {
        let mut path = vec![first];
        while self.takes('/') {
            self.node()?;
            match self.take() {
                Some(Token::Name(name)) => path.push(name),
                Some(Token::Literal(Literal::Number(n))) if n >= 0.0 && n.fract() == 0.0 => {
                    path.push(n.to_string());
                }
                _ => return invalid("a name is wanted after '/'"),
            }
        }
        Ok(path)
    }
}

/// Reads a filter.
///
/// # Errors
/// [`QueryError`].
pub fn filter(text: &str) -> Result<Expr, QueryError> {
    let mut parser = Parser::new(text)?;
    let read = parser.expression()?;
    parser.end()?;
    Ok(read)
}
