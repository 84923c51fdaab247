import java.io.BufferedReader;
import java.io.File;
import java.io.FileInputStream;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.StandardCopyOption;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.Collections;
import java.util.Map;
import org.apache.poi.ooxml.util.DocumentHelper;
import org.apache.poi.openxml4j.opc.OPCPackage;
import org.apache.poi.openxml4j.opc.PackageAccess;
import org.apache.poi.poifs.crypt.HashAlgorithm;
import org.apache.poi.poifs.crypt.dsig.SignatureConfig;
import org.apache.poi.poifs.crypt.dsig.SignatureInfo;
import org.apache.poi.poifs.crypt.dsig.SignatureMarshalListener;
import org.apache.poi.poifs.crypt.dsig.SignaturePart;
import org.apache.poi.poifs.crypt.dsig.facets.KeyInfoSignatureFacet;
import org.apache.poi.poifs.crypt.dsig.facets.OOXMLSignatureFacet;
import org.apache.poi.poifs.crypt.dsig.facets.Office2010SignatureFacet;
import org.apache.poi.poifs.crypt.dsig.facets.XAdESSignatureFacet;
import org.apache.poi.poifs.crypt.dsig.facets.XAdESXLSignatureFacet;
import org.apache.poi.poifs.crypt.dsig.services.RevocationData;
import org.apache.poi.poifs.crypt.dsig.services.TSPTimeStampService;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.w3c.dom.NodeList;
import org.w3c.dom.events.Event;
import org.w3c.dom.events.EventTarget;

/**
 * Lets Apache POI verify and sign, one order a line, until the input ends; so that the virtual machine starts once.
 *
 * <pre>
 * verify TAB file                                             signature TAB part TAB valid TAB signer TAB role TAB comment TAB fault, for each
 * rewrite TAB file TAB result
 * sign TAB file TAB result TAB key.p12 TAB password TAB digest TAB role TAB comment TAB hints TAB address of a time-stamping authority
 * </pre>
 *
 * Every answer ends with "done TAB nanoseconds" or "failed TAB reason".
 */
public final class SignatureDriver {
    private static PrintStream answers;

    public static void main(String[] arguments) throws Exception {
        answers = new PrintStream(System.out, false, "UTF-8");
        System.setOut(System.err); // whatever libraries print is no answer
        BufferedReader orders = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String order = orders.readLine(); order != null; order = orders.readLine()) {
            String[] words = order.split("\t", -1);
            long start = System.nanoTime();
            try {
                carryOut(words);
                answer("done", Long.toString(System.nanoTime() - start));
            } catch (Exception | LinkageError problem) {
                problem.printStackTrace();
                answer("failed", reason(problem));
            }
            answers.flush();
        }
    }

    private static void carryOut(String[] words) throws Exception {
        switch (words[0]) {
            case "verify":
                verify(new File(words[1]));
                break;
            case "rewrite":
                rewrite(new File(words[1]), new File(words[2]));
                break;
            case "sign":
                sign(words);
                break;
            default:
                throw new IllegalArgumentException(words[0]);
        }
    }

    /** Every signature: SignatureInfo.verifySignature() would look at the first one only. */
    private static void verify(File file) throws Exception {
        OPCPackage opened = OPCPackage.open(file, PackageAccess.READ);
        try {
            SignatureConfig config = new SignatureConfig();
            config.setOpcPackage(opened);
            SignatureInfo signatures = new SignatureInfo();
            signatures.setSignatureConfig(config);
            for (SignaturePart part : signatures.getSignatureParts()) {
                tell(part);
            }
        } finally {
            opened.revert();
        }
    }

    private static void tell(SignaturePart part) throws Exception {
        boolean valid = false;
        String fault = "";
        try {
            valid = part.validate();
        } catch (RuntimeException problem) {
            fault = reason(problem);
        }
        String name = part.getPackagePart().getPartName().getName();
        String signer = valid ? part.getSigner().getSubjectX500Principal().getName() : "";
        String role = valid ? words(part, "ClaimedRole") : "";
        String comment = valid ? words(part, "SignatureComments") : "";
        answer("signature", name, Boolean.toString(valid), signer, role, comment, fault);
    }

    /** Of an element. POI would read these itself (setUpdateConfigOnValidate), but throws for signatures by EC keys. */
    private static String words(SignaturePart part, String element) throws Exception {
        Document document = DocumentHelper.readDocument(part.getPackagePart().getInputStream());
        NodeList found = document.getElementsByTagNameNS("*", element);
        return found.getLength() == 0 ? "" : found.item(0).getTextContent();
    }

    /** POI signs relationships as they are and then writes absolute targets as relative ones, which breaks its signature. */
    private static void rewrite(File file, File result) throws Exception {
        try (InputStream input = new FileInputStream(file)) {
            OPCPackage opened = OPCPackage.open(input);
            opened.save(result);
            opened.revert();
        }
    }

    private static void sign(String[] words) throws Exception {
        File result = new File(words[2]);
        Files.copy(new File(words[1]).toPath(), result.toPath(), StandardCopyOption.REPLACE_EXISTING);
        OPCPackage opened = OPCPackage.open(result, PackageAccess.READ_WRITE);
        try {
            SignatureConfig config = new SignatureConfig();
            useKey(config, new File(words[3]), words[4].toCharArray());
            config.setDigestAlgo(HashAlgorithm.valueOf(words[5]));
            config.setXadesRole(words[6]);
            config.setSignatureDescription(words[7]);
            config.setIncludeEntireCertificateChain(false);
            boolean hints = Boolean.parseBoolean(words[8]);
            config.setIncludeKeyValue(hints);
            config.setIncludeIssuerSerial(hints);
            if (!words[9].isEmpty()) {
                stampBy(config, words[9]);
            }
            config.setSignatureMarshalListener(new WholeDocumentListener(config));
            config.setOpcPackage(opened);
            SignatureInfo signatures = new SignatureInfo();
            signatures.setSignatureConfig(config);
            signatures.confirmSignature();
            opened.close();
        } catch (Exception problem) {
            opened.revert();
            throw problem;
        }
    }

    /** POI's default facets, and the one that adds time stamps: it keeps them only with answers on revocation, even if none. */
    private static void stampBy(SignatureConfig config, String address) {
        config.addSignatureFacet(new OOXMLSignatureFacet());
        config.addSignatureFacet(new KeyInfoSignatureFacet());
        config.addSignatureFacet(new XAdESSignatureFacet());
        config.addSignatureFacet(new Office2010SignatureFacet());
        config.addSignatureFacet(new XAdESXLSignatureFacet());
        config.setTspUrl(address);
        config.setTspDigestAlgo(HashAlgorithm.sha256);
        config.setTspRequestPolicy(null); // whatever policy the authority has
        config.setTspService(new TSPTimeStampService());
        config.setTspValidator((chain, revocation) -> {});
        config.setRevocationDataService(chain -> new RevocationData());
    }

    private static void useKey(SignatureConfig config, File file, char[] password) throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream input = new FileInputStream(file)) {
            store.load(input, password);
        }
        String alias = store.aliases().nextElement();
        config.setKey((PrivateKey) store.getKey(alias, password));
        config.setSigningCertificateChain(Collections.singletonList((X509Certificate) store.getCertificate(alias)));
    }

    private static String reason(Throwable problem) {
        Throwable cause = problem;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause.getClass().getName() + ": " + cause.getMessage();
    }

    private static void answer(String... words) {
        for (int number = 0; number < words.length; number++) {
            words[number] = words[number] == null ? "" : words[number].replaceAll("\\s+", " ");
        }
        answers.println(String.join("\t", words));
    }

    /**
     * What POI's own listener does to elements as they enter the document (identifiers, prefixes), done to the whole
     * document: since xmlsec 2.1.3 the signature is put into the document as one tree, so that POI 4.0.1 sees no
     * element enter and cannot find "#idSignedProperties" (POI bug 63712, mended in the same way in POI 4.1.1).
     */
    private static final class WholeDocumentListener extends SignatureMarshalListener {
        private static final String NAMESPACES = "http://www.w3.org/2000/xmlns/";
        private final Map<String, String> prefixes;

        WholeDocumentListener(SignatureConfig config) {
            prefixes = config.getNamespacePrefixes();
        }

        @Override
        public void handleEvent(Event event) {
            Node changed = (Node) event.getTarget();
            Document document = changed instanceof Document ? (Document) changed : changed.getOwnerDocument();
            setListener((EventTarget) document, this, false);
            NodeList elements = document.getElementsByTagName("*");
            for (int number = 0; number < elements.getLength(); number++) {
                prepare((Element) elements.item(number));
            }
            setListener((EventTarget) document, this, true);
        }

        private void prepare(Element element) {
            if (element.hasAttribute("Id")) {
                element.setIdAttribute("Id", true);
            }
            String namespace = element.getNamespaceURI();
            String prefix = prefixes.get(namespace);
            if (prefix == null) {
                return;
            }
            element.setPrefix(prefix);
            element.removeAttributeNS(NAMESPACES, "xmlns");
            if (!namespace.equals(element.getParentNode().getNamespaceURI())) {
                element.setAttributeNS(NAMESPACES, "xmlns:" + prefix, namespace);
            }
        }
    }
}
