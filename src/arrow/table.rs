//! A table: a schema and its record batches.

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;

use super::TableError;

/// A schema and zero or more record batches of that schema.
///
/// How the rows are split into batches carries no meaning on the wire, but it survives. Equality compares the batches
/// one by one, so two tables of the same rows in other batches are not equal.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
}

impl Table {
    /// A table of `batches`, in their order. Without batches it has no rows, and its columns keep their types.
    ///
    /// # Errors
    /// A batch's schema differs from `schema` (names, types, nullability, metadata).
    pub fn new(schema: SchemaRef, batches: Vec<RecordBatch>) -> Result<Self, TableError> {
        for (number, batch) in batches.iter().enumerate() {
            if *batch.schema_ref() != schema {
                return Err(TableError::new(format!(
                    "batch {number} has another schema than its table"
                ))
                .expecting(&schema)
                .finding(batch.schema_ref()));
            }
        }
        Ok(Self { schema, batches })
    }

    /// The names and types of the columns.
    #[must_use]
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The rows, in order.
    #[must_use]
    pub fn batches(&self) -> &[RecordBatch] {
        &self.batches
    }

    /// The rows, in order, without their table.
    #[must_use]
    pub fn into_batches(self) -> Vec<RecordBatch> {
        self.batches
    }

    /// How many rows all batches have together.
    #[must_use]
    pub fn num_rows(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }
}

impl From<RecordBatch> for Table {
    fn from(batch: RecordBatch) -> Self {
        Self {
            schema: batch.schema(),
            batches: vec![batch],
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::Int32Array;
    use arrow_schema::{DataType, Field, Schema};

    use super::*;

    #[test]
    fn batches_have_the_schema_of_the_table() {
        let field = |name| Field::new(name, DataType::Int32, true);
        let schema = Arc::new(Schema::new(vec![field("a")]));
        let column = Arc::new(Int32Array::from(vec![1, 2]));
        let batch = RecordBatch::try_new(schema.clone(), vec![column]).unwrap();
        let table = Table::new(schema.clone(), vec![batch.clone(), batch.clone()]).unwrap();
        assert_eq!(table.num_rows(), 4);
        assert_eq!(table.batches().len(), 2);
        assert_eq!(table.into_batches(), [batch.clone(), batch.clone()]);
        assert_eq!(Table::from(batch.clone()).schema(), &schema);

        let other = Arc::new(Schema::new(vec![field("b")]));
        let error = Table::new(other, vec![batch]).unwrap_err();
        assert_eq!(error.message(), "batch 0 has another schema than its table");
    }
}
