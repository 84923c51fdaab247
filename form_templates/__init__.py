"""What a form is: its model, the template workbook it is compiled from, reading and filling of its workbooks."""
