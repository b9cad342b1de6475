using System.Buffers.Binary;
using System.Collections.Frozen;
using System.Globalization;
using System.Numerics;
using System.Text;

namespace Proxyless.Weights;

/// <summary>
/// Reads a pickle (Python's protocols 0 to 5, https://docs.python.org/3/library/pickletools.html). A pickle is a
/// program that calls the functions that it names. Here nothing is called: the result of a call is represented by a
/// <see cref="PickleCall"/>. Only the names of dictionaries are understood.
/// </summary>
internal sealed class PickleReader
{
    // The file of a large training holds some ten thousand values; each takes up to about a hundred bytes here.
    private const int MostValues = 1_000_000;
    private const int LongestLine = 1 << 16;

    // Of a class or a module: each call makes a text of it.
    private const int LongestName = 1 << 10;

    private static readonly FrozenSet<string> Dictionaries = FrozenSet.Create(
        "collections.OrderedDict",
        "collections.defaultdict",
        "builtins.dict",
        "__builtin__.dict"
    );

    private readonly Stream _stream;
    private readonly long _end;
    private readonly Stack<object?> _stack = new();
    private readonly Stack<int> _marks = new();
    private readonly Dictionary<long, object?> _memo = [];
    private readonly List<PickleReference> _references = [];
    private int _values;

    private PickleReader(Stream stream, long end)
    {
        _stream = stream;
        _end = end;
    }

    /// <summary>
    /// Reads one pickle, which begins at a stream's position; afterwards the stream is positioned after it.
    /// </summary>
    /// <param name="stream">A stream that can seek.</param>
    /// <param name="end">Where the pickle has to end at the latest.</param>
    /// <returns>The value, and everything that it refers to outside of the pickle.</returns>
    /// <exception cref="FormatException">It is not a pickle, or too large.</exception>
    public static (object? Value, IReadOnlyList<PickleReference> References) Read(Stream stream, long end)
    {
        var reader = new PickleReader(stream, end);
        return (reader.Run(), reader._references);
    }

    private object? Run()
    {
        while (true)
        {
            byte code = Byte();
            if (code == '.')
            {
                return Pop();
            }

            Execute(code);
        }
    }

    private void Execute(byte code)
    {
        switch (code)
        {
            case 0x80 or 0x95: // PROTO, FRAME: nothing to know.
                Skip(code == 0x80 ? 1 : 8);
                break;
            case (byte)'(':
                _marks.Push(_marks.Count < MostValues ? _stack.Count : throw TooMany());
                break;
            case (byte)'0':
                Pop();
                break;
            case (byte)'1':
                PopToMark();
                break;
            case (byte)'2':
                Push(Peek());
                break;
            case (byte)'N':
                Push(null);
                break;
            case 0x88 or 0x89:
                Push(code == 0x88);
                break;
            case (byte)'I' or (byte)'L' or (byte)'F':
                Push(Number(code, Line()));
                break;
            case (byte)'J':
                Push((long)BinaryPrimitives.ReadInt32LittleEndian(Bytes(4)));
                break;
            case (byte)'K':
                Push((long)Byte());
                break;
            case (byte)'M':
                Push(Unsigned(2));
                break;
            case (byte)'G':
                Push(BinaryPrimitives.ReadDoubleBigEndian(Bytes(8)));
                break;
            case 0x8a:
                PushWhole(Bytes(Byte()));
                break;
            case 0x8b:
                PushWhole(Bytes(Unsigned(4)));
                break;
            case (byte)'S':
                Push(Counted(Line().Trim('\'', '"')));
                break;
            case (byte)'V':
                Push(Counted(Line()));
                break;
            case (byte)'T' or (byte)'U' or (byte)'X' or 0x8c or 0x8d:
                Push(
                    Counted(
                        Encoding.UTF8.GetString(
                            Bytes(
                                Unsigned(
                                    code is (byte)'U' or 0x8c ? 1
                                    : code == 0x8d ? 8
                                    : 4
                                )
                            )
                        )
                    )
                );
                break;
            case (byte)'B' or (byte)'C' or 0x8e or 0x96:
                Push(
                    Counted(
                        Bytes(
                            Unsigned(
                                code == 'C' ? 1
                                : code == 'B' ? 4
                                : 8
                            )
                        )
                    )
                );
                break;
            case (byte)']' or 0x8f:
                Push(Counted(new PickleList()));
                break;
            case (byte)'l' or 0x91:
                Push(ListOf(PopToMark()));
                break;
            case (byte)'}':
                Push(Counted(new PickleDictionary()));
                break;
            case (byte)'d':
                object?[] entries = PopToMark();
                Push(Counted(new PickleDictionary()));
                SetItems(entries);
                break;
            case (byte)')':
                Push(TupleOf([]));
                break;
            case (byte)'t':
                Push(TupleOf(PopToMark()));
                break;
            case >= 0x85 and <= 0x87:
                Push(TupleOf(Pop(code - 0x84)));
                break;
            case (byte)'a':
                Append(Pop(1));
                break;
            case (byte)'e' or 0x90:
                Append(PopToMark());
                break;
            case (byte)'s':
                SetItems(Pop(2));
                break;
            case (byte)'u':
                SetItems(PopToMark());
                break;
            case (byte)'p':
                Memorize(Index(Line()));
                break;
            case (byte)'q' or (byte)'r':
                Memorize(Unsigned(code == 'q' ? 1 : 4));
                break;
            case 0x94:
                Memorize(_memo.Count);
                break;
            case (byte)'g':
                Push(Memorized(Index(Line())));
                break;
            case (byte)'h' or (byte)'j':
                Push(Memorized(Unsigned(code == 'h' ? 1 : 4)));
                break;
            case (byte)'c':
                Push(NameOf(Line(), Line()));
                break;
            case 0x93:
                object?[] names = Pop(2);
                Push(NameOf(names[0], names[1]));
                break;
            case 0x82 or 0x83 or 0x84: // EXT1 to EXT4: names that only the program that wrote them knows.
                Push(Counted(new PickleName("extension", $"{Unsigned(code == 0x84 ? 4 : code - 0x81)}")));
                break;
            case (byte)'R' or 0x81:
                object?[] call = Pop(2);
                Push(Called(call[0], call[1]));
                break;
            case 0x92:
                object?[] named = Pop(3);
                Push(Called(named[0], named[1]));
                break;
            case (byte)'o':
                object?[] made = PopToMark();
                Push(made.Length > 0 ? Called(made[0], TupleOf(made[1..])) : throw new FormatException("no class"));
                break;
            case (byte)'i':
                PickleName instance = NameOf(Line(), Line());
                Push(Called(instance, TupleOf(PopToMark())));
                break;
            case (byte)'b':
                // The state that an object would receive.
                Pop();
                Peek();
                break;
            case (byte)'P':
                Push(Referred(Line()));
                break;
            case (byte)'Q':
                Push(Referred(Pop()));
                break;
            default:
                throw new FormatException(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"byte 0x{code:x2} at {_stream.Position - 1} is no instruction of a pickle"
                    )
                );
        }
    }

    private object Called(object? function, object? arguments)
    {
        if (function is PickleName { Text: var name } && Dictionaries.Contains(name))
        {
            var dictionary = new PickleDictionary();
            if (arguments is PickleTuple { Items: [.., PickleList pairs] })
            {
                foreach (object? pair in pairs.Items)
                {
                    // Also what is no pair: many calls may be given one list.
                    Count();
                    IReadOnlyList<object?> both = pair switch
                    {
                        PickleTuple tuple => tuple.Items,
                        PickleList list => list.Items,
                        _ => [],
                    };
                    if (both is [var key, var value])
                    {
                        dictionary.Items.Add((key, value));
                    }
                }
            }

            return Counted(dictionary);
        }

        return Counted(new PickleCall(function, arguments));
    }

    private PickleName NameOf(object? module, object? name) =>
        module is string { Length: <= LongestName } first && name is string { Length: <= LongestName } second
            ? Counted(new PickleName(first, second))
            : throw new FormatException("a name of a class or a function is none");

    private object Referred(object? id)
    {
        // The legacy format refers to a class with its source; only the class counts.
        if (id is PickleTuple { Items: ["module", var type, ..] })
        {
            return type ?? throw new FormatException("a reference to no class");
        }

        var reference = new PickleReference(id);
        _references.Add(reference);
        return Counted(reference);
    }

    private PickleList ListOf(object?[] items)
    {
        PickleList list = Counted(new PickleList());
        list.Items.AddRange(items);
        return list;
    }

    private PickleTuple TupleOf(object?[] items) => Counted(new PickleTuple(items));

    private void Append(object?[] items)
    {
        // What an object of another kind would do with them is not needed.
        if (Peek() is PickleList list)
        {
            list.Items.AddRange(items);
        }
    }

    private void SetItems(object?[] items)
    {
        if (items.Length % 2 != 0)
        {
            throw new FormatException("a key without a value");
        }

        if (Peek() is PickleDictionary dictionary)
        {
            for (int i = 0; i < items.Length; i += 2)
            {
                dictionary.Items.Add((items[i], items[i + 1]));
            }
        }
    }

    private void Memorize(long index)
    {
        Count();
        _memo[index] = Peek();
    }

    private object? Memorized(long index) =>
        _memo.TryGetValue(index, out object? value)
            ? value
            : throw new FormatException($"value {index} is used before it is stored");

    // A byte of the file can put one there.
    private void Push(object? value) => _stack.Push(_stack.Count < MostValues ? value : throw TooMany());

    private object? Peek() => IsAtMark ? throw Underflow() : _stack.Peek();

    private object? Pop() => IsAtMark ? throw Underflow() : _stack.Pop();

    private object?[] Pop(int count)
    {
        object?[] values = new object?[count];
        for (int i = count - 1; i >= 0; i--)
        {
            values[i] = Pop();
        }

        return values;
    }

    private object?[] PopToMark() =>
        _marks.TryPop(out int mark) && mark <= _stack.Count
            ? Pop(_stack.Count - mark)
            : throw new FormatException("nothing marks where values begin");

    private bool IsAtMark => _stack.Count <= (_marks.TryPeek(out int mark) ? mark : 0);

    private static FormatException Underflow() => new("an instruction lacks the value that it works on");

    private T Counted<T>(T value)
    {
        Count();
        return value;
    }

    private void Count()
    {
        if (++_values > MostValues)
        {
            throw TooMany();
        }
    }

    private static FormatException TooMany() =>
        new($"it holds more than {MostValues} values, which no file of weights does");

    private static object Number(byte code, string line) =>
        code == 'F' ? double.Parse(line, CultureInfo.InvariantCulture)
        : code == 'I' && line is "00" or "01" ? line == "01"
        : long.TryParse(line.TrimEnd('L'), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number)
            ? number
        : throw new FormatException("a number is none");

    private void PushWhole(byte[] bytes)
    {
        var number = new BigInteger(bytes);
        if (bytes.Length > sizeof(long))
        {
            Push(Counted(number));
        }
        else
        {
            Push((long)number);
        }
    }

    private static long Index(string line) =>
        long.TryParse(line, NumberStyles.None, CultureInfo.InvariantCulture, out long index)
            ? index
            : throw new FormatException("an index is none");

    private byte Byte() => _stream.Position < _end ? (byte)_stream.ReadByte() : throw CutShort();

    private long Unsigned(int bytes)
    {
        Span<byte> padded = stackalloc byte[8];
        Bytes(bytes).CopyTo(padded);
        return BinaryPrimitives.ReadInt64LittleEndian(padded);
    }

    private byte[] Bytes(long count)
    {
        if (count < 0 || count > _end - _stream.Position)
        {
            throw CutShort();
        }

        byte[] bytes = new byte[count];
        _stream.ReadExactly(bytes);
        return bytes;
    }

    private static FormatException CutShort() => new("it is cut short, or tells of more than it holds");

    private void Skip(int count) => Bytes(count);

    private string Line()
    {
        var line = new List<byte>();
        for (byte next = Byte(); next != '\n'; next = Byte())
        {
            line.Add(next);
            if (line.Count > LongestLine)
            {
                throw new FormatException("a line is too long");
            }
        }

        return Encoding.UTF8.GetString([.. line]).TrimEnd('\r');
    }
}
